local command = "rocm-smi --showuse --showmeminfo vram --showtemp --showpower --showfan --json"

return tests {
  ["4.5"] = function(t)
    t:run { programs = { [command] = "testdata/rocm-smi-4.5.json" } }
    t:metric("gpus", 1)
    t:metric("temperature", 39, "card0", "celsius")
    t:metric("power", 34, "card0", "watts")
    t:metric("fan", 19, "card0")
    t:status("card0: 12 %")
  end,

  ["6.0, two of a server"] = function(t)
    t:run { programs = { [command] = "testdata/rocm-smi-6.0.json" } }
    t:metric("gpus", 2)
    t:metric("power", 540, "card0")
    t:metric("memory_used", 197568495616, "card0", "bytes")
    t:no_metric("memory_used", "card1")
    t:status("card0: 100 %, card1: 0 %")
  end,

  ["none"] = function(t)
    t:run { programs = { [command] = "{}\n" } }
    t:unavailable("rocm-smi lists no processor")
  end,
}
