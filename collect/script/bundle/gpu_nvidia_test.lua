local command = "nvidia-smi --query-gpu=index,name,utilization.gpu,utilization.memory,memory.total,memory.used,temperature.gpu,"
  .. "fan.speed,power.draw,power.limit,ecc.errors.uncorrected.volatile.total,clocks.sm --format=csv,noheader,nounits"

return tests {
  ["two of a server, driver 535"] = function(t)
    t:run { programs = { [command] = "testdata/nvidia-smi-535.csv" } }
    t:metric("gpus", 2)
    t:metric("usage", 97, "0 NVIDIA A100-SXM4-40GB", "percent")
    t:metric("memory_used", 38211 * 1048576, "0 NVIDIA A100-SXM4-40GB", "bytes")
    t:metric("ecc_errors", 2, "1 NVIDIA A100-SXM4-40GB")
    t:no_metric("fan", "0 NVIDIA A100-SXM4-40GB")
    t:status("0 NVIDIA A100-SXM4-40GB: 97 %, 1 NVIDIA A100-SXM4-40GB: 0 %")
  end,

  ["one of a workstation, driver 390"] = function(t)
    t:run { programs = { [command] = "testdata/nvidia-smi-390.csv" } }
    t:metric("fan", 35, "0 GeForce GTX 1050 Ti")
    t:no_metric("power", "0 GeForce GTX 1050 Ti")
  end,

  ["no driver"] = function(t)
    t:run { programs = { [command] = { code = 9, out = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n" } } }
    t:unavailable()
  end,

  ["not installed"] = function(t)
    t:run { programs = { ["nvidia-smi"] = false } }
    t:unavailable()
  end,
}
