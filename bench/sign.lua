-- Posts the form, each time from another mailbox.
local token = os.getenv("TOKEN")
local started = 0
function setup(thread) started = started + 1; thread:set("number", started) end
function init() base = os.time() * 10 + number; n = 0 end
function request()
  n = n + 1
  local body = "name=Ana+Mar%C3%ADa+L%C3%B3pez&email=p" .. base .. "x" .. n .. "%40example.org&country=IE&place=Dublin"
    .. "&role=nurse&organisation=&comment=&appear=hidden&website=&token=" .. token
  return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded"}, body)
end
function done(summary, latency)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT rate=%.1f p99=%.2f errors=%d\n",
    summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000, errors))
end
