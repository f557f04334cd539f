-- Graphics processors of AMD: load, memory, temperature, power. Source: rocm-smi --json; its names differ between versions.

local fields = {
  { "usage", "percent", { "GPU use (%)" } },
  { "memory_total", "bytes", { "VRAM Total Memory (B)" } },
  { "memory_used", "bytes", { "VRAM Total Used Memory (B)" } },
  { "temperature", "celsius", { "Temperature (Sensor junction) (C)", "Temperature (Sensor edge) (C)" } },
  { "power", "watts", { "Average Graphics Package Power (W)", "Current Socket Graphics Package Power (W)" } },
  { "fan", "percent", { "Fan speed (%)", "Fan Speed (%)" } },
}

return check {
  summary = "graphics processors of AMD: load, memory, temperature, power",
  needs = { programs = { "rocm-smi" } },
  systems = { "linux" },
  metrics = { "usage", "memory_used", "temperature" },

  run = function()
    local answer, why = program.run("rocm-smi", { "--showuse", "--showmeminfo", "vram", "--showtemp", "--showpower", "--showfan", "--json" })
    if not answer then unavailable(why) end
    local page, wrong = json.decode(answer.out)
    if type(page) ~= "table" then unavailable("rocm-smi: " .. (wrong or "other JSON")) end
    local cards, say = {}, {}
    for name, card in pairs(page) do
      if name:match("^card%d+$") and type(card) == "table" then cards[#cards + 1] = name end
    end
    table.sort(cards)
    for _, name in ipairs(cards) do
      for _, f in ipairs(fields) do
        for _, key in ipairs(f[3]) do
          local value = tonumber(page[name][key])
          if value then
            metric(f[1], "double", value, f[2], name)
            break
          end
        end
      end
      say[#say + 1] = name .. ": " .. tostring(page[name]["GPU use (%)"] or "?") .. " %"
    end
    if #cards == 0 then unavailable("rocm-smi lists no processor") end
    metric("gpus", "int64", #cards)
    status(table.concat(say, ", "))
  end,
}
