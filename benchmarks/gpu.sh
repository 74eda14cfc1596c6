#!/usr/bin/env bash
# Check and measure the package on a machine with a GPU; see benchmarks/gpu.py.
#
#   WHEELS=FOLDER bash benchmarks/gpu.sh [OUT] [OPTIONS]
set -eu
exec "${PYTHON:-python3}" "$(dirname "${BASH_SOURCE[0]}")/gpu.py" "$@"
