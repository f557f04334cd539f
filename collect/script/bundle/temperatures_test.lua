return tests {
  ["a laptop"] = function(t)
    t:run { tree = "testdata/hwmon-laptop.txt" }
    t:metric("temperature", 49, "coretemp Package id 0", "celsius")
    t:metric("temperature", 38.85, "nvme Composite")
    t:metric("temperature", 48, "thinkpad temp1")
    t:metric("limit", 84.85, "nvme Composite")
    t:no_metric("limit", "thinkpad temp1")
    t:metric("fan", 2987, "thinkpad fan1", "rpm")
    t:metric("highest", 49)
    t:metric("hot", 0)
    t:status("at most 49 °C")
  end,

  ["a hot server with a fan that stands still"] = function(t)
    t:run { tree = "testdata/hwmon-server.txt" }
    t:metric("temperature", 91.25, "k10temp Tctl")
    t:metric("temperature", 35.5, "jc42 temp1")
    t:metric("temperature", 36.25, "jc42 temp1 #2")
    t:no_metric("temperature", "nct6798 temp2")
    t:metric("fan", 0, "nct6798 fan1")
    t:metric("hot", 1)
    t:metric("fan_alarms", 1)
    t:status("hot: k10temp Tctl 91 °C; fan alarm: nct6798 fan1")
  end,

  ["a limit of the owner's"] = function(t)
    t:run { tree = "testdata/hwmon-laptop.txt", details = { warn = 45 } }
    t:metric("hot", 2)
    t:metric("limit", 45, "nvme Composite")
  end,

  ["a virtual machine"] = function(t)
    t:run { files = { ["/sys/class/hwmon"] = { type = "folder" } } }
    t:unavailable("this host has no sensors in /sys/class/hwmon")
  end,
}
