-- want: ^available held$
return check {
  summary = "string index",
  run = function(details, now, saved)
    local meta = getmetatable("")
    if type(meta) == "table" then
      meta.__index = function() return function() return "stolen" end end
    end
    status("held")
  end,
}
