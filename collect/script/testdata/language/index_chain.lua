-- want: too many recursions|stack overflow|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local ring = {}
    for i = 1, 1000 do ring[i] = {} end
    for i = 1, 1000 do setmetatable(ring[i], { __index = ring[i % 1000 + 1] }) end
    while true do
      local ok, e = pcall(function() return ring[1].missing end)
      if ok then error("found") end
    end
  end,
}
