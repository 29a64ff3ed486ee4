-- Sends the lines of a file one after the other: method, path, body and entity tag, with tabs
-- between. So every write is one that has not been sent before.
--     wrk ... -s load.lua URL -- FILE TOKEN SKIP

local requests, position = {}, 0

function init(args)
  position = tonumber(args[3])
  for line in io.lines(args[1]) do
    local method, path, body, tag = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { Authorization = "Bearer " .. args[2] }
    if body ~= "" then headers["Content-Type"] = "application/json" else body = nil end
    if tag ~= "" then headers["If-None-Match"] = tag end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local errors, parts = summary.errors, {}
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  for _, percent in ipairs({ 50, 75, 90, 95, 99, 99.9 }) do
    parts[#parts + 1] = string.format('"%g": %f', percent, latency:percentile(percent) / 1000)
  end
  print(string.format(
    '{"requests": %d, "errors": %d, "seconds": %f, "percentiles": {%s}}',
    summary.requests, failed, summary.duration / 1e6, table.concat(parts, ", ")
  ))
end
