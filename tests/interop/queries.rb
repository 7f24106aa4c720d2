# Queries as Rack reads them. A JSON list of queries comes in on standard input; an object
# goes out: each reader's name, with what it made of each query, null where it refused.
require "json"
require "rack"

# JSON cannot hold bytes that are not text.
def scrubbed(value)
  case value
  when Hash then value.to_h { |key, member| [scrubbed(key), scrubbed(member)] }
  when Array then value.map { |member| scrubbed(member) }
  when String then value.scrub
  else value
  end
end

def reading
  scrubbed(yield)
rescue ArgumentError, TypeError # as Rack's own errors are
  nil
end

queries = JSON.parse($stdin.read)
in_request = queries.map do |query|
  env = Rack::MockRequest.env_for("/")
  env["QUERY_STRING"] = query
  reading { Rack::Request.new(env).GET }
end
flat = queries.map { |query| reading { Rack::Utils.parse_query(query) } }
puts JSON.generate({ "Rack" => in_request, "Rack, flat" => flat })
