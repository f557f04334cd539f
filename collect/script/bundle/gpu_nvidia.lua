-- Graphics processors of NVIDIA: load, memory, temperature, power, errors. Source: nvidia-smi --help-query-gpu.

local fields = {
  { "utilization.gpu", "usage", "percent" }, { "utilization.memory", "memory_usage", "percent" },
  { "memory.total", "memory_total", "bytes", 1048576 }, { "memory.used", "memory_used", "bytes", 1048576 },
  { "temperature.gpu", "temperature", "celsius" }, { "fan.speed", "fan", "percent" },
  { "power.draw", "power", "watts" }, { "power.limit", "power_limit", "watts" },
  { "ecc.errors.uncorrected.volatile.total", "ecc_errors" }, { "clocks.sm", "clock", "megahertz" },
}

return check {
  summary = "graphics processors of NVIDIA: load, memory, temperature, power",
  needs = { programs = { "nvidia-smi" } },
  metrics = { "usage", "memory_used", "temperature" },

  run = function()
    local names = { "index", "name" }
    for _, f in ipairs(fields) do names[#names + 1] = f[1] end
    local answer, why = program.run("nvidia-smi", { "--query-gpu=" .. table.concat(names, ","), "--format=csv,noheader,nounits" })
    if not answer then unavailable(why) end
    local say = {}
    for _, line in ipairs(text.lines(answer.out)) do
      local values = text.split(line, ",")
      if #values == #names then
        for i, v in ipairs(values) do values[i] = text.trim(v) end
        local gpu = values[1] .. " " .. values[2]
        for i, f in ipairs(fields) do
          -- "[N/A]" and "[Not Supported]" are no numbers
          local value = tonumber(values[i + 2])
          if value then metric(f[2], "double", value * (f[4] or 1), f[3], gpu) end
        end
        say[#say + 1] = gpu .. ": " .. values[3] .. " %"
      end
    end
    if #say == 0 then unavailable("nvidia-smi lists no processor") end
    metric("gpus", "int64", #say)
    status(table.concat(say, ", "))
  end,
}
