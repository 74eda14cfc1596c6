"""Files, locks and processes: nothing here knows speech or Keras."""
