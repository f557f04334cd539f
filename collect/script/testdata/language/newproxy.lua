-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if newproxy or collectgarbage or gcinfo then error("newproxy") end
    status("nothing got out")
  end,
}
