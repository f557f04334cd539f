-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 5000 do t[i] = setmetatable({}, {}) end
    local meta = { __lt = function() return true end }
    for i = 1, 5000 do setmetatable(t[i], meta) end
    while true do table.sort(t) table.sort(t, function() return true end) end
  end,
}
