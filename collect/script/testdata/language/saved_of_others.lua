-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if saved ~= nil then error("saved by somebody else") end
    local count = 0
    for key in pairs(details) do count = count + 1 end
    if count > 0 then error("details of somebody else") end
    if taken then error("a global of somebody else") end
    taken = true
    math.randomseed(1)
    status("nothing got out")
  end,
}
