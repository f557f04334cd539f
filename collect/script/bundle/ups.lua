-- Uninterruptible power supplies, from the server of Network UPS Tools (upsd).
-- Source: https://networkupstools.org/docs/developer-guide.chunked/net-protocol.html and the names of variables there.

local figures = {
  { "battery.charge", "battery_charge", "percent" }, { "battery.runtime", "battery_runtime", "seconds" },
  { "battery.voltage", "battery_voltage", "volts" }, { "input.voltage", "input_voltage", "volts" },
  { "output.voltage", "output_voltage", "volts" }, { "ups.load", "load", "percent" },
  { "ups.temperature", "temperature", "celsius" },
}

-- The lines between BEGIN and END of an answer; nil and why for "ERR …".
local function list(server, what)
  server:send("LIST " .. what .. "\n")
  local lines = {}
  while true do
    local line, why = server:line()
    if not line then return nil, why end
    if line:match("^ERR ") then return nil, line end
    if line:match("^END ") then return lines end
    lines[#lines + 1] = line
  end
end

-- A quote and a backslash in a value follow a backslash.
local function unquote(s)
  return (s:gsub("\\(.)", "%1"))
end

return check {
  summary = "power supplies of Network UPS Tools: on battery, charge, runtime, load",
  details = {
    host = { kind = "host", default = "127.0.0.1", doc = "host of upsd" },
    port = { kind = "port", default = 3493, doc = "its port" },
    ups = { doc = "only this one" },
  },
  needs = { tcp = { "${host}:${port}" } },
  metrics = { "on_battery", "battery_charge", "battery_runtime" },

  run = function(details)
    local server, why = net.tcp(details.host, details.port, { timeout = 5 })
    if not server then unavailable(why) end
    local names = { details.ups }
    if not details.ups then
      local lines, wrong = list(server, "UPS")
      if not lines then unavailable(wrong) end
      for _, line in ipairs(lines) do names[#names + 1] = line:match("^UPS (%S+)") end
    end

    local bad, seen = {}, 0
    for _, name in ipairs(names) do
      local lines, wrong = list(server, "VAR " .. name)
      if not lines then
        bad[#bad + 1] = name .. ": " .. wrong
      else
        seen = seen + 1
        local values = {}
        for _, line in ipairs(lines) do
          local key, value = line:match('^VAR %S+ (%S+) "(.*)"$')
          if key then values[key] = unquote(value) end
        end
        local flags = " " .. (values["ups.status"] or "") .. " "
        local function has(flag) return flags:find(" " .. flag .. " ", 1, true) ~= nil end
        metric("status", "string", values["ups.status"] or "", nil, name)
        metric("on_battery", "bool", has("OB"), nil, name)
        metric("low_battery", "bool", has("LB"), nil, name)
        metric("replace_battery", "bool", has("RB"), nil, name)
        for _, f in ipairs(figures) do
          if tonumber(values[f[1]]) then metric(f[2], "double", tonumber(values[f[1]]), f[3], name) end
        end
        local what = {}
        if has("OB") then what[#what + 1] = "on battery" end
        if has("LB") then what[#what + 1] = "battery low" end
        if has("RB") then what[#what + 1] = "replace the battery" end
        if has("OVER") then what[#what + 1] = "overloaded" end
        if #what > 0 then
          if values["battery.charge"] then what[#what + 1] = values["battery.charge"] .. " %" end
          bad[#bad + 1] = name .. ": " .. table.concat(what, ", ")
        end
      end
    end
    server:send("LOGOUT\n")
    if seen == 0 then unavailable(#bad > 0 and table.concat(bad, "; ") or "upsd knows no power supply") end
    metric("supplies", "int64", seen)
    status(#bad > 0 and table.concat(bad, "; ") or seen .. " on line")
  end,
}
