-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    (("a"):rep(100000)):find(("a-"):rep(30) .. "b")
  end,
}
