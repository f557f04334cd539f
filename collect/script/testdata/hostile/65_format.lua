-- want: ^unavailable 65_format.lua:\d+: 
return check {
  summary = "format",
  run = function(details, now, saved)
    return ("%99999999d"):format(1)
  end,
}
