-- want: ^unavailable 55_gsub.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "gsub",
  run = function(details, now, saved)
    (("x"):rep(1000)):gsub(".", function() while true do end end)
  end,
}
