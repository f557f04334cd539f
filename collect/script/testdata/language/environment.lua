-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if getfenv or setfenv or _G or _ENV then error("environment") end
    local real = tostring
    tostring = function() error("changed") end
    if real(1) ~= "1" then error("tostring") end
    status("nothing got out")
  end,
}
