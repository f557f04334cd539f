-- want: ^unavailable 46_loop.lua:\d+: (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "loop",
  run = function(details, now, saved)
    while true do end
  end,
}
