-- want: ^available held$
return check {
  summary = "saved of others",
  run = function(details, now, saved)
    if saved ~= nil then unavailable("out: saved") end
    -- good_save saves this; nobody else has it.
    for k, v in pairs(_G or {}) do
      if type(v) == "string" and v:find("private", 1, true) then unavailable("out: " .. k) end
    end
    status("held")
  end,
}
