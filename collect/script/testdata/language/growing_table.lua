-- want: memory|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local t = {}
    while true do t[#t + 1] = { #t, tostring(#t) } end
  end,
}
