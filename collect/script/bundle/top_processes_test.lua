local function memory(total, free)
  return {
    { name = "total", type = "gauge", value = total, unit = "bytes" },
    { name = "actual_free", type = "gauge", value = free, unit = "bytes" },
  }
end
local first = {
  total = 9600, idle = 8100, floor = 0, ticks = { ["1:24"] = 46, ["77:2400"] = 600, ["78:2401"] = 100 },
}

return tests {
  ["the first run has nothing to compare with"] = function(t)
    t:run { tree = "testdata/proc-first.txt", figures = { ["agent.memory"] = memory(1000, 900) } }
    t:no_metric("cpu_percent")
    t:metric("memory_percent", 10)
    t:metric("processes", 3)
    t:metric("processors", 2)
    t:saved(first)
    t:status("the first run: processors are compared from the next on")
  end,

  ["busy processors"] = function(t)
    t:run { tree = "testdata/proc-second.txt", saved = first, figures = { ["agent.memory"] = memory(1000, 900) } }
    t:metric("cpu_percent", 98)
    t:metric("process_cpu", 90, "my (odd) worker", "percent")
    t:metric("process_cpu", 6, "backup")
    t:no_metric("process_cpu", "systemd")
    t:no_metric("process_memory", "backup")
    t:status("processors 98 % used: my (odd) worker 90 %, backup 6 %")
  end,

  ["below the bound"] = function(t)
    t:run {
      tree = "testdata/proc-second.txt", saved = first, details = { cpu = 99 },
      figures = { ["agent.memory"] = memory(1000, 900) },
    }
    t:no_metric("process_cpu", "backup")
    t:status("processors 98 % used")
  end,

  ["full memory"] = function(t)
    t:run {
      tree = "testdata/proc-first.txt", details = { count = 1 }, figures = { ["agent.memory"] = memory(1000, 50) },
    }
    t:metric("memory_percent", 95)
    t:metric("process_memory", 100000 / 103056 * 100, "my (odd) worker")
    t:no_metric("process_memory", "systemd")
    t:status("memory 95 % used: my (odd) worker 97 %")
  end,

  ["after a reboot"] = function(t)
    t:run {
      tree = "testdata/proc-first.txt", saved = { total = 99999, idle = 88888, floor = 0, ticks = {} },
      figures = { ["agent.memory"] = false },
    }
    t:no_metric("cpu_percent")
    t:no_metric("memory_percent")
  end,
}
