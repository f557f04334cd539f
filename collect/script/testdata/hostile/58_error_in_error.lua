-- want: ^unavailable 58_error_in_error.lua(:\d+)?: 
return check {
  summary = "error in error",
  run = function(details, now, saved)
    error(setmetatable({}, { __tostring = function() error(setmetatable({}, { __tostring = function() while true do end end })) end }))
  end,
}
