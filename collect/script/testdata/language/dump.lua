-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if string.dump or ("").dump then error("dump") end
    status("nothing got out")
  end,
}
