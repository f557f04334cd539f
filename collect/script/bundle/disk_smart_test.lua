local smartctl = "sudo smartctl --json=c"

return tests {
  ["three disks, 7.2"] = function(t)
    t:run { programs = {
      [smartctl .. " --scan"] = "testdata/smartctl-7.2-scan.json",
      [smartctl .. " -a /dev/sda -d scsi"] = { out = "testdata/smartctl-7.2-sata.json", code = 64 },
      [smartctl .. " -a /dev/nvme0 -d nvme"] = "testdata/smartctl-7.2-nvme.json",
      [smartctl .. " -a /dev/sdb -d scsi"] = { out = "testdata/smartctl-7.2-failing.json", code = 24 },
    } }
    t:metric("disks", 3)
    t:metric("failing", 1)
    t:metric("not_asked", 0)
    t:metric("passed", true, "/dev/sda")
    t:metric("passed", false, "/dev/sdb")
    t:metric("reallocated_sectors", 8, "/dev/sda")
    t:metric("pending_sectors", 2, "/dev/sda")
    t:metric("power_on_time", 36500 * 3600, "/dev/sda", "seconds")
    t:metric("wear", 3, "/dev/nvme0", "percent")
    t:metric("temperature", 41, "/dev/nvme0", "celsius")
    t:metric("model", "ST3000DM001", "/dev/sdb")
    t:status("/dev/sda 2 pending sectors; /dev/sdb is failing, 311 uncorrectable errors")
  end,

  ["one behind a controller, 7.4"] = function(t)
    t:run {
      details = { device = "/dev/bus/0", type = "megaraid,4" },
      programs = { [smartctl .. " -a /dev/bus/0 -d megaraid,4"] = "testdata/smartctl-7.4-megaraid.json" },
    }
    t:metric("grown_defects", 1, "/dev/bus/0")
    t:status("1 disks, all healthy")
  end,

  ["no disks, 7.3 of Debian 12"] = function(t)
    t:run { programs = { [smartctl .. " --scan"] = "testdata/smartctl-7.3-scan.json" } }
    t:unavailable("smartctl finds no disks")
  end,

  ["a disk without SMART, 7.3 of Debian 12"] = function(t)
    t:run {
      details = { device = "/tmp/disk", type = "sat" },
      programs = { [smartctl .. " -a /tmp/disk -d sat"] = { out = "testdata/smartctl-7.3-silent.json", code = 4 } },
    }
    t:unavailable("/tmp/disk: it says nothing of its health")
  end,

  ["more disks than it may run programs"] = function(t)
    local devices, programs = {}, {}
    for i = 1, 65 do
      local name = "/dev/sd" .. i
      devices[i] = '{"name": "' .. name .. '"}'
      if i <= 63 then programs[smartctl .. " -a " .. name] = "testdata/smartctl-7.2-nvme.json" end
    end
    programs[smartctl .. " --scan"] = '{"devices": [' .. table.concat(devices, ",") .. "]}"
    t:run { programs = programs }
    t:metric("disks", 65)
    t:metric("not_asked", 2)
    t:metric("passed", true, "/dev/sd63")
    t:status("2 disks were not asked: give each a check with device")
  end,

  ["not allowed"] = function(t)
    t:run { programs = { [smartctl .. " --scan"] = { code = 1, err = "sudo: a password is required\n" } } }
    t:unavailable("sudo: a password is required")
  end,
}
