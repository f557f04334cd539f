-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if pcall(unpack, {}, 1, 1e8) or pcall(unpack, {}, -1e15, 1e15) then error("unpacked") end
    local t = {}
    for i = 1, 2000 do t[i] = ("x"):rep(1000) end
    if pcall(table.concat, t) then error("joined") end
    if pcall(string.byte, ("x"):rep(1000000), 1, -1) then error("bytes") end
    status("nothing got out")
  end,
}
