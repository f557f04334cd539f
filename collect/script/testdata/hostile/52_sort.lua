-- want: ^unavailable 52_sort.lua:(\d+:)? 
return check {
  summary = "sort",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 20000 do t[i] = i end
    while true do
      pcall(table.sort, t, function(a, b) return true end)
    end
  end,
}
