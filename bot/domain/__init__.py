"""Rules: plain values in, plain values out."""
