"""The organisers' pages: one module for each corner, all behind one wall."""
