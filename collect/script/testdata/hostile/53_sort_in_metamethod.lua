-- want: ^unavailable 53_sort_in_metamethod.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "sort in metamethod",
  run = function(details, now, saved)
    local meta = { __lt = function() while true do end end }
    local t = {}
    for i = 1, 5000 do t[i] = setmetatable({}, meta) end
    table.sort(t)
  end,
}
