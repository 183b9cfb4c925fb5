-- Presses the buttons that PRESSES lists ("token row" a line), each once, the threads taking turns.
local started = 0
function setup(thread) started = started + 1; thread:set("number", started) end
function init()
  list = {}
  local i = 0
  for line in io.lines(os.getenv("PRESSES")) do
    i = i + 1
    if i % 2 == number % 2 then list[#list + 1] = line end
  end
  n = 0
end
function request()
  n = n + 1
  local token, row = string.match(list[(n - 1) % #list + 1], "(%S+) (%d+)")
  return wrk.format("POST", "/t/" .. token .. "/confirm",
    {["Content-Type"] = "application/x-www-form-urlencoded"}, "row=" .. row)
end
function done(summary, latency)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT rate=%.1f p99=%.2f errors=%d\n",
    summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000, errors))
end
