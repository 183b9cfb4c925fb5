-- Plain GETs; prints one line that ground.wrk reads.
function request() return wrk.format("GET", nil, {["Accept-Encoding"] = "gzip"}) end
function done(summary, latency)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT rate=%.1f p99=%.2f errors=%d\n",
    summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000, errors))
end
