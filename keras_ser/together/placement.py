"""Where arrays lie: on one device, or divided among several by models."""

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from keras_ser.backend.devices import check_available

AXIS = "models"


class Placement:
    """Puts arrays on devices.

    Args:
        devices: The number of devices.

    Raises:
        ValueError: If there are fewer devices.
    """

    def __init__(self, devices: int = 1):
        check_available(devices)
        mesh = Mesh(np.array(jax.devices()[:devices]), (AXIS,))
        self.devices = devices
        self._shared = NamedSharding(mesh, PartitionSpec())
        self._stacked = NamedSharding(mesh, PartitionSpec(AXIS))

    def shared(self, arrays):
        """Puts arrays that all models use on every device."""
        return jax.device_put(arrays, self._shared)

    def stacked(self, arrays):
        """Divides arrays whose first axis is that of the models among the devices."""
        return jax.device_put(arrays, self._stacked)
