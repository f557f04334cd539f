-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if loadstring or dofile or loadfile then error("loadstring") end
    status("nothing got out")
  end,
}
