local command = "sudo nvme smart-log -o json /dev/nvme0"

return tests {
  ["nvme-cli 1.12"] = function(t)
    t:run { programs = { [command] = "testdata/nvme-1.12.json" } }
    t:metric("wear", 1, nil, "percent")
    t:metric("temperature", 38, nil, "celsius")
    t:metric("written", 1024000000, nil, "bytes")
    t:metric("critical_warning", 0)
    t:status("/dev/nvme0: 1 % of its life used")
  end,

  ["nvme-cli 2.3 of a disk at its end, whose numbers are texts"] = function(t)
    t:run { programs = { [command] = "testdata/nvme-2.3.json" } }
    t:metric("critical_warning", 4)
    t:metric("media_errors", 5)
    t:metric("power_on_time", 108000000)
    t:status("/dev/nvme0: critical warning 4, worn out, no spare blocks left, 5 media errors")
  end,

  ["no such disk"] = function(t)
    t:run { programs = { [command] = { code = 1, err = "testdata/nvme-2.3-missing.txt" } } }
    t:unavailable("nvme: /dev/nvme0: No such file or directory")
  end,
}
