-- Temperatures and fans of the kernel's hardware monitoring, with the limits that the hardware itself states.
-- Source: https://docs.kernel.org/hwmon/sysfs-interface.html: temperatures in thousandths of a degree Celsius.

local function number(path)
  local content = file.read(path)
  return content and tonumber((content:gsub("%s+$", "")))
end

local function word(path)
  local content = file.read(path)
  return content and text.trim(content)
end

-- A sensor that is not connected has values outside of what hardware can have.
local function plausible(degrees)
  return degrees > -100 and degrees < 250
end

return check {
  summary = "temperatures and fans, from the kernel's hardware monitoring",
  details = {
    warn = { kind = "number", role = "free", doc = "degrees Celsius above which a sensor is hot; default: the sensor's own limit" },
  },
  needs = { files = { "/sys/class/hwmon/**", "/sys/devices/**" } },
  systems = { "linux" },
  metrics = { "highest", "hot" },

  run = function(details)
    local names, highest, hot, sensors = {}, nil, {}, 0
    local function unique(name)
      names[name] = (names[name] or 0) + 1
      return names[name] == 1 and name or name .. " #" .. names[name]
    end
    local inputs, err = file.list("/sys/class/hwmon/*/temp*_input")
    if not inputs then unavailable(err) end
    for _, input in ipairs(inputs) do
      local base = input:sub(1, -#"_input" - 1)
      local chip = word(input:match("^(.*)/") .. "/name") or "sensor"
      local value = number(input)
      if value and plausible(value / 1000) then
        local degrees = value / 1000
        local name = unique(chip .. " " .. (word(base .. "_label") or base:match("[^/]*$")))
        sensors = sensors + 1
        metric("temperature", "double", degrees, "celsius", name)
        local limit = details.warn
        if not limit then
          local own = number(base .. "_crit") or number(base .. "_max")
          limit = own and plausible(own / 1000) and own > 0 and own / 1000
        end
        if limit then
          metric("limit", "double", limit, "celsius", name)
          if degrees >= limit then hot[#hot + 1] = string.format("%s %.0f °C", name, degrees) end
        end
        if not highest or degrees > highest then highest = degrees end
      end
    end

    local fans, stopped = file.list("/sys/class/hwmon/*/fan*_input") or {}, {}
    for _, input in ipairs(fans) do
      local base = input:sub(1, -#"_input" - 1)
      local speed = number(input)
      if speed then
        local chip = word(input:match("^(.*)/") .. "/name") or "sensor"
        local name = unique(chip .. " " .. (word(base .. "_label") or base:match("[^/]*$")))
        metric("fan", "uint64", speed, "rpm", name)
        if number(base .. "_alarm") == 1 then stopped[#stopped + 1] = name end
      end
    end

    if sensors == 0 and #fans == 0 then unavailable("this host has no sensors in /sys/class/hwmon") end
    if highest then metric("highest", "double", highest, "celsius") end
    metric("hot", "int64", #hot)
    metric("fan_alarms", "int64", #stopped)
    local say = {}
    if #hot > 0 then say[1] = "hot: " .. table.concat(hot, ", ") end
    if #stopped > 0 then say[#say + 1] = "fan alarm: " .. table.concat(stopped, ", ") end
    if #say == 0 then say[1] = highest and string.format("at most %.0f °C", highest) or #fans .. " fans" end
    status(table.concat(say, "; "))
  end,
}
