-- Health of disks by SMART: what the disk itself says, and the figures that announce its end. Only root may ask a disk, so
-- smartctl is run by sudo: "virgo ALL=(root) NOPASSWD: /usr/sbin/smartctl --json=c --scan, /usr/sbin/smartctl --json=c -a *" in
-- /etc/sudoers.d/virgo.
-- Source: smartctl(8) --json. Its exit code is a set of bits; 1 and 2 mean that it could not ask.

-- A check may run 64 programs, of which the first one lists the disks, and take 30 seconds. One that sleeps may need all
-- of the 10 seconds that a program has.
local most, seconds = 63, 18

-- By number: names differ between makers.
local attributes = {
  [5] = "reallocated_sectors", [187] = "uncorrectable_errors", [188] = "command_timeouts", [196] = "reallocation_events",
  [197] = "pending_sectors", [198] = "offline_uncorrectable", [199] = "crc_errors",
}

local function ask(...)
  local answer, why = program.run("sudo smartctl", { "--json=c", ... }, { ok = "any" })
  if not answer then return nil, why end
  local page, wrong = json.decode(answer.out)
  if type(page) ~= "table" then
    return nil, text.trim(answer.err) ~= "" and text.trim(answer.err) or "smartctl: " .. (wrong or "other JSON")
  end
  return page
end

-- A value below objects that may be absent.
local function at(value, ...)
  for _, key in ipairs { ... } do
    if type(value) ~= "table" then return nil end
    value = value[key]
  end
  return value
end

local function number(...)
  local value = at(...)
  return type(value) == "number" and value or nil
end

return check {
  summary = "health of disks by SMART: failing, bad sectors, wear, temperature",
  details = {
    device = { doc = "only this one, as /dev/sda" },
    type = { doc = "its type, as smartctl -d has it, for example megaraid,0" },
  },
  needs = { programs = { "sudo smartctl" } },
  metrics = { "failing", "worn" },

  run = function(details)
    local began, devices = time.clock(), {}
    if details.device then
      devices[1] = { name = details.device, type = details.type }
    else
      local page, why = ask("--scan")
      if not page then unavailable(why) end
      for _, d in ipairs(page.devices or {}) do devices[#devices + 1] = { name = d.name, type = d.type } end
    end
    local bad, failing, worn, asked, failed, not_asked = {}, 0, 0, 0, {}, 0
    for i, d in ipairs(devices) do
      if i > most or time.clock() - began > seconds then
        not_asked = #devices - i + 1
        break
      end
      local arguments = { "-a", d.name }
      if d.type then
        arguments[#arguments + 1] = "-d"
        arguments[#arguments + 1] = d.type
      end
      local page, why = ask(unpack(arguments))
      local exit = number(page, "smartctl", "exit_status") or 0
      local passed = at(page, "smart_status", "passed")
      if not page or exit % 4 > 0 and passed == nil then
        local message = at(page, "smartctl", "messages", 1, "string")
        failed[#failed + 1] = d.name .. ": " .. (why or message or "it cannot be asked")
      else
        local name = d.name
        local why_bad = {}
        if passed ~= nil then metric("passed", "bool", passed, nil, name) end
        if passed == false then
          failing = failing + 1
          why_bad[#why_bad + 1] = "is failing"
        end
        if at(page, "model_name") then metric("model", "string", tostring(page.model_name), nil, name) end
        local temperature = number(page, "temperature", "current")
        if temperature then metric("temperature", "double", temperature, "celsius", name) end
        local hours = number(page, "power_on_time", "hours")
        if hours then metric("power_on_time", "uint64", hours * 3600, "seconds", name) end
        local counts = {}
        for _, a in ipairs(at(page, "ata_smart_attributes", "table") or {}) do
          if attributes[a.id] and number(a, "raw", "value") then counts[attributes[a.id]] = a.raw.value end
        end
        local log = at(page, "nvme_smart_health_information_log")
        if log then
          counts.media_errors = number(log, "media_errors")
          if number(log, "percentage_used") then metric("wear", "double", log.percentage_used, "percent", name) end
          if number(log, "available_spare") then metric("spare", "double", log.available_spare, "percent", name) end
          if number(log, "critical_warning") and log.critical_warning > 0 then why_bad[#why_bad + 1] = "warns" end
          if (number(log, "percentage_used") or 0) >= 100 then
            worn = worn + 1
            why_bad[#why_bad + 1] = "is worn out"
          end
        end
        counts.grown_defects = number(page, "scsi_grown_defect_list")
        -- virtual disks and files: smartctl reads them, and they have no SMART
        if passed == nil and not log and next(counts) == nil then
          failed[#failed + 1] = d.name .. ": it says nothing of its health"
        else
          asked = asked + 1
        end
        for what, value in pairs(counts) do metric(what, "uint64", value, nil, name) end
        for _, what in ipairs { "pending_sectors", "offline_uncorrectable", "uncorrectable_errors", "media_errors" } do
          if (counts[what] or 0) > 0 then why_bad[#why_bad + 1] = counts[what] .. " " .. what:gsub("_", " ") end
        end
        if #why_bad > 0 then bad[#bad + 1] = name .. " " .. table.concat(why_bad, ", ") end
      end
    end
    if asked == 0 then unavailable(#failed > 0 and table.concat(failed, "; ") or "smartctl finds no disks") end
    metric("disks", "int64", #devices)
    metric("failing", "int64", failing)
    metric("worn", "int64", worn)
    metric("unreadable", "int64", #failed)
    metric("not_asked", "int64", not_asked)
    for _, f in ipairs(failed) do bad[#bad + 1] = f end
    if not_asked > 0 then bad[#bad + 1] = not_asked .. " disks were not asked: give each a check with device" end
    status(#bad > 0 and table.concat(bad, "; ") or asked .. " disks, all healthy")
  end,
}
