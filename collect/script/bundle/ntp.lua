-- How far this host's clock is from the time of its servers, from the service that sets it: chrony, ntpd or
-- systemd-timesyncd, whichever answers first.
-- Sources: chronyc(1) "tracking" as CSV, ntpq(1) "-pn" in milliseconds, timedatectl(1) "timesync-status".

local units = { us = 1e-6, ms = 1e-3, s = 1, min = 60, h = 3600 }

-- "-1.229ms", "1min 2.5s" and "0" in seconds.
local function seconds(s)
  if s == "0" then return 0 end
  local total, sign = nil, s:sub(1, 1) == "-" and -1 or 1
  for number, unit in s:gmatch("([%d%.]+)(%a+)") do
    if units[unit] then total = (total or 0) + tonumber(number) * units[unit] end
  end
  return total and sign * total
end

local function chrony()
  local answer, err = program.run("chronyc", { "-c", "tracking" }, { ok = { 0, 1 } })
  if not answer then return nil, err end
  -- it says on its standard output why it cannot: "506 Cannot talk to daemon"
  if answer.code == 1 then return nil, text.trim(answer.out) end
  local f = text.split(text.trim(answer.out), ",")
  if #f < 14 then return nil, "chronyc printed no tracking" end
  local source = f[2] ~= "" and f[2] or nil
  return {
    -- chrony's clock is late where the offset is positive: the sign is turned as ntpq has it
    offset = -tonumber(f[5]), stratum = tonumber(f[3]), source = source,
    root_delay = tonumber(f[11]), root_dispersion = tonumber(f[12]),
    synchronized = f[14] ~= "Not synchronised" and source ~= nil, by = "chrony",
  }
end

local function ntpd()
  local answer, err = program.run("ntpq", { "-pn" })
  if not answer then return nil, err end
  local peers = 0
  for _, line in ipairs(text.lines(answer.out)) do
    local tally, rest = line:match("^([%s%*#o%+%-x%.])(%S+%s+.+)$")
    local f = rest and text.fields(rest)
    if f and #f >= 10 and tonumber(f[3]) then
      peers = peers + 1
      if tally == "*" or tally == "o" then
        return {
          offset = tonumber(f[9]) / 1000, stratum = tonumber(f[3]) + 1, source = f[1],
          root_delay = tonumber(f[8]) / 1000, jitter = tonumber(f[10]) / 1000, synchronized = true, by = "ntpd",
        }
      end
    end
  end
  if peers == 0 then return nil, "ntpq printed no peers" end
  return { synchronized = false, by = "ntpd" }
end

local function timesyncd()
  local answer, err = program.run("timedatectl", { "timesync-status" })
  if not answer then return nil, err end
  local values = {}
  for _, line in ipairs(text.lines(answer.out)) do
    local key, value = line:match("^%s*([%a ]+):%s*(.-)%s*$")
    if key then values[key] = value end
  end
  if not values["Packet count"] then return nil, "timedatectl printed no status" end
  local stratum = tonumber(values["Stratum"])
  return {
    offset = values["Offset"] and seconds(values["Offset"]), stratum = stratum and stratum + 1,
    source = values["Server"] and values["Server"]:match("%(([^()]*)%)$"),
    root_delay = values["Delay"] and seconds(values["Delay"]), jitter = values["Jitter"] and seconds(values["Jitter"]),
    synchronized = values["Offset"] ~= nil and values["Leap"] ~= "not synchronized", by = "timesyncd",
  }
end

return check {
  summary = "offset of the clock, from chrony, ntpd or systemd-timesyncd",
  needs = { programs = { "chronyc", "ntpq", "timedatectl" } },
  metrics = { "offset", "synchronized", "stratum" },

  run = function()
    local failed = {}
    for _, ask in ipairs { { "chronyc", chrony }, { "ntpq", ntpd }, { "timedatectl", timesyncd } } do
      if program.find(ask[1]) then
        local r, err = ask[2]()
        if r then
          metric("synchronized", "bool", r.synchronized)
          metric("service", "string", r.by)
          if r.source then metric("source", "string", r.source) end
          if r.stratum then metric("stratum", "int64", r.stratum) end
          if r.synchronized then
            metric("offset", "double", r.offset, "seconds")
            if r.root_delay then metric("root_delay", "double", r.root_delay, "seconds") end
            if r.root_dispersion then metric("root_dispersion", "double", r.root_dispersion, "seconds") end
            if r.jitter then metric("jitter", "double", r.jitter, "seconds") end
            status(string.format("%s: %.3f ms from %s", r.by, r.offset * 1000, r.source or "its server"))
          else
            status(r.by .. " is not synchronized")
          end
          return
        end
        failed[#failed + 1] = ask[1] .. ": " .. err
      end
    end
    if #failed == 0 then unavailable("none of chronyc, ntpq and timedatectl is installed") end
    unavailable(table.concat(failed, "; "))
  end,
}
