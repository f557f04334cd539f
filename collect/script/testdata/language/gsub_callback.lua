-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    (("a"):rep(100000)):gsub("a", function() while true do end end)
  end,
}
