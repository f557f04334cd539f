-- want: ^unavailable 16_run_twice.lua:\d+: 
return check {
  summary = "run twice",
  run = function(details, now, saved)
    check { summary = "another", run = function() end }
  end,
}
