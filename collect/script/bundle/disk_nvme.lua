-- Health of one NVMe disk with nvme-cli: wear, spare blocks, errors, temperature. disk_smart covers NVMe disks, too, where
-- smartctl is installed. Run by sudo: "virgo ALL=(root) NOPASSWD: /usr/sbin/nvme smart-log -o json *" in /etc/sudoers.d/virgo.
-- Source: nvme-smart-log(1) -o json; temperatures in kelvin.

local function number(object, ...)
  for _, key in ipairs { ... } do
    if tonumber(object[key]) then return tonumber(object[key]) end
  end
end

return check {
  summary = "health of an NVMe disk: wear, spare blocks, errors, temperature",
  details = {
    device = { default = "/dev/nvme0", doc = "the disk" },
  },
  needs = { programs = { "sudo nvme" } },
  systems = { "linux" },
  metrics = { "wear", "spare", "media_errors" },

  run = function(details)
    local answer, why = program.run("sudo nvme", { "smart-log", "-o", "json", details.device }, { ok = "any" })
    if not answer then unavailable(why) end
    if answer.code ~= 0 then
      -- its help follows what is wrong
      local wrong = text.trim(answer.err):match("^[^\n]+")
      unavailable("nvme: " .. (wrong or "it ended with code " .. answer.code))
    end
    local log, wrong = json.decode(answer.out)
    if type(log) ~= "table" then unavailable("nvme: " .. (wrong or "other JSON")) end
    -- names of version 1 and 2
    local wear, spare = number(log, "percent_used", "percentage_used"), number(log, "avail_spare", "available_spare")
    if not wear then unavailable("nvme printed no log of " .. details.device) end
    -- 2.0 has an object in its place
    local warning = type(log.critical_warning) == "table" and number(log.critical_warning, "value") or number(log, "critical_warning") or 0
    local threshold = number(log, "spare_thresh") or 0
    metric("wear", "double", wear, "percent")
    if spare then metric("spare", "double", spare, "percent") end
    metric("critical_warning", "uint64", warning)
    local media = number(log, "media_errors")
    if media then metric("media_errors", "uint64", media) end
    if number(log, "num_err_log_entries") then metric("logged_errors", "uint64", number(log, "num_err_log_entries")) end
    if number(log, "unsafe_shutdowns") then metric("unsafe_shutdowns", "uint64", number(log, "unsafe_shutdowns")) end
    if number(log, "power_on_hours") then metric("power_on_time", "uint64", number(log, "power_on_hours") * 3600, "seconds") end
    if number(log, "temperature") then metric("temperature", "double", number(log, "temperature") - 273, "celsius") end
    -- units of 512,000 bytes
    if number(log, "data_units_written") then metric("written", "uint64", number(log, "data_units_written") * 512000, "bytes") end

    local bad = {}
    if warning > 0 then bad[#bad + 1] = "critical warning " .. warning end
    if wear >= 100 then bad[#bad + 1] = "worn out" end
    if spare and spare <= threshold then bad[#bad + 1] = "no spare blocks left" end
    if media and media > 0 then bad[#bad + 1] = media .. " media errors" end
    status(details.device .. ": " .. (#bad > 0 and table.concat(bad, ", ") or wear .. " % of its life used"))
  end,
}
