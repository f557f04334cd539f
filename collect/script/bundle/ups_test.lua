local server = "tcp 127.0.0.1:3493"

return tests {
  ["on battery, NUT 2.8"] = function(t)
    t:run { net = { [server] = {
      { "LIST UPS\n", "testdata/nut-2.8-ups.txt" }, { "LIST VAR office\n", "testdata/nut-2.8-var.txt" },
      { "LOGOUT\n", "OK Goodbye\n" },
    } } }
    t:metric("supplies", 1)
    t:metric("status", "OB DISCHRG", "office")
    t:metric("on_battery", true, "office")
    t:metric("low_battery", false, "office")
    t:metric("battery_charge", 87, "office", "percent")
    t:metric("battery_runtime", 1830, "office", "seconds")
    t:metric("load", 23.4, "office")
    t:metric("temperature", 31.2, "office")
    t:status("office: on battery, 87 %")
  end,

  ["on line with an old battery, NUT 2.7"] = function(t)
    t:run {
      details = { ups = "rack" },
      net = { [server] = { { "LIST VAR rack\n", "testdata/nut-2.7-var.txt" }, { "LOGOUT\n", "OK Goodbye\n" } } },
    }
    t:metric("on_battery", false, "rack")
    t:metric("replace_battery", true, "rack")
    t:no_metric("temperature", "rack")
    t:status("rack: replace the battery, 100 %")
  end,

  ["no such supply"] = function(t)
    t:run {
      details = { ups = "nope" },
      net = { [server] = { { "LIST VAR nope\n", "ERR UNKNOWN-UPS\n" }, { "LOGOUT\n", "OK Goodbye\n" } } },
    }
    t:unavailable("nope: ERR UNKNOWN-UPS")
  end,

  ["no server"] = function(t)
    t:run { net = { [server] = false } }
    t:unavailable()
  end,
}
