"""Speed, as ratios against limits measured in the same run on the same machine. Run `make bench`.

Timings alone mean little where cores are shared; a ratio holds when the machine's speed drifts.
"""
