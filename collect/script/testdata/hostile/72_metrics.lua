-- want: ^unavailable 72_metrics.lua:\d+: .*metrics
return check {
  summary = "metrics",
  run = function(details, now, saved)
    for i = 1, 2000000 do metric("m" .. i, "int64", i) end
  end,
}
