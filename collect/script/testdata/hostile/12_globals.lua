-- want: ^available held$
return check {
  summary = "globals",
  run = function(details, now, saved)
    for _, m in ipairs { json, text, re, time, string, table, math } do
      local meta = getmetatable(m)
      if type(meta) == "table" and meta.__index ~= nil and rawget(m, "check") then unavailable("out: globals") end
      m.stolen = function() return "stolen" end
    end
    json.decode = function() return "stolen" end
    _G = nil
    status("held")
  end,
}
