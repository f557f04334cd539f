-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local bad = setmetatable({}, { __tostring = function(t) error(t) end, __index = function(t) error(t) end, __concat = function(t) error(t) end })
    while true do
      pcall(function() log(bad) end)
      pcall(function() return bad .. "" end)
      pcall(error, bad)
      xpcall(function() error(bad) end, function(e) error(e) end)
    end
  end,
}
