-- want: ^unavailable (61_table.lua:\d+: computed for more than 3s|broke the limit of 64 MiB of memory)$
return check {
  summary = "table",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 1e7 do t[i] = { i, i } end
  end,
}
