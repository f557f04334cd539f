-- want: memory|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local t = {}
    t[6e7] = 1
    if #t ~= 0 then error("filled") end
    local all = {}
    while true do
      local far = {}
      far[200000] = 1
      all[#all + 1] = far
    end
  end,
}
