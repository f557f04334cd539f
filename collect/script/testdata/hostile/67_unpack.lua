-- want: ^unavailable 67_unpack.lua:\d+: 
return check {
  summary = "unpack",
  run = function(details, now, saved)
    return unpack({}, 1, 1e8)
  end,
}
