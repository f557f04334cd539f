-- want: ^unavailable 74_metric_text.lua:\d+: 
return check {
  summary = "metric text",
  run = function(details, now, saved)
    metric("m", "string", ("x"):rep(1000000))
  end,
}
