# fish completion for etl(1). Made by scripts/gendoc.c from cmd/commands.def; change that and run "make docs".

set -g __etl_commands collect validate transform load mart report run status prune schedule init doctor help
set -g __etl_builtin commerce kamis parts pothole

# The command on the line: the first word that is one.
function __etl_command
    for word in (commandline -opc)[2..]
        if contains -- $word $__etl_commands
            echo $word
            return
        end
    end
end

function __etl_needs_command
    set -l found (__etl_command)
    test -z "$found"
end

function __etl_using
    set -l found (__etl_command)
    test "$argv[1]" = "$found"
end

# Pipelines on disk and inside the binary. etl itself is not asked: it may not be installed on this machine.
function __etl_pipelines
    set -l home etl-data
    set -q ETL_HOME; and set home $ETL_HOME
    for file in schemas/*/pipeline.json $home/schemas/*/pipeline.json
        basename (dirname $file)
    end
    printf '%s\n' $__etl_builtin
end

complete -c etl -f
complete -c etl -n __etl_needs_command -l version -d 'show the version'
complete -c etl -n __etl_needs_command -s h -l help -d 'list the commands'
complete -c etl -n __etl_needs_command -s v -l verbose -d 'with --version, show licences too'

complete -c etl -n __etl_needs_command -a collect -d 'write a source\'s records of a day as JSONL'
complete -c etl -n __etl_needs_command -a validate -d 'check records'
complete -c etl -n __etl_needs_command -a transform -d 'apply a dataset\'s steps to records'
complete -c etl -n __etl_needs_command -a load -d 'load records into the warehouse, in one transaction'
complete -c etl -n __etl_needs_command -a mart -d 'rebuild the SQL models of a day'
complete -c etl -n __etl_needs_command -a report -d 'show the report of a day'
complete -c etl -n __etl_needs_command -a run -d 'run whole days, collect, validate, transform, load, mart, report'
complete -c etl -n __etl_needs_command -a status -d 'show which days are done'
complete -c etl -n __etl_needs_command -a prune -d 'remove what retention no longer keeps in the lake'
complete -c etl -n __etl_needs_command -a schedule -d 'print the crontab or systemd lines to install'
complete -c etl -n __etl_needs_command -a init -d 'write definitions out, to be changed'
complete -c etl -n __etl_needs_command -a doctor -d 'check definitions, home, disk and connections, and say what to do'
complete -c etl -n __etl_needs_command -a help -d 'explain a command'

complete -c etl -n '__etl_using collect' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using collect' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using collect' -l dataset -x -d 'the dataset, where the pipeline has more than one'
complete -c etl -n '__etl_using collect' -s o -l output -r -F -d 'write there instead of standard output'
complete -c etl -n '__etl_using collect' -l format -x -a 'jsonl csv' -d 'what to write, whatever the name says'
complete -c etl -n '__etl_using collect' -l source -r -F -d 'read these files instead of the defined source'
complete -c etl -n '__etl_using collect' -l urls -r -F -d 'http sources, ask for the URLs of this file, one a line, in the last phase, and for nothing else'
complete -c etl -n '__etl_using collect' -l seed -x -d 'generator, another seed'
complete -c etl -n '__etl_using collect' -l users -x -d 'generator, so many users'
complete -c etl -n '__etl_using collect' -l trips -x -d 'generator, so many trips'
complete -c etl -n '__etl_using collect' -l inject -x -d 'generator, break so large a part of the events, null_check, duplicate_check, range_check, sequence_check, timestamp_check, integrity_check, consistency_check'
complete -c etl -n '__etl_using collect' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using collect' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using collect' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using collect' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using collect' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using collect' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using collect' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using collect' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using validate' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using validate' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using validate' -l dataset -x -d 'the dataset, where the pipeline has more than one'
complete -c etl -n '__etl_using validate' -s o -l output -r -F -d 'write there instead of standard output'
complete -c etl -n '__etl_using validate' -l format -x -a 'jsonl csv text json schema' -d 'what to write, whatever the name says, records as jsonl or csv'
complete -c etl -n '__etl_using validate' -l schema -r -F -d 'check against this JSON Schema instead of a pipeline'
complete -c etl -n '__etl_using validate' -l schema-dir -x -a '(__fish_complete_directories)' -d 'with --schema, where documents that it refers to lie'
complete -c etl -n '__etl_using validate' -l assert-format -d 'with --schema, formats and encodings must hold, not only be noted'
complete -c etl -n '__etl_using validate' -l max-errors -x -d 'with --schema, stop after so many invalid records'
complete -c etl -n '__etl_using validate' -l errors -x -a 'text json' -d 'with --schema, how broken rules are printed'
complete -c etl -n '__etl_using validate' -l profile -d 'say what the fields hold instead of checking records'
complete -c etl -n '__etl_using validate' -l records -d 'with --schema, a .json file is a list of records, each checked by itself'
complete -c etl -n '__etl_using validate' -l summary -r -F -d 'with --schema, write how often which rule broke where, as JSON'
complete -c etl -n '__etl_using validate' -l rejects -r -F -d 'where rejected records go'
complete -c etl -n '__etl_using validate' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using validate' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using validate' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using validate' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using validate' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using validate' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using validate' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using validate' -s h -l help -d 'explain the command'
complete -c etl -n '__etl_using validate' -F

complete -c etl -n '__etl_using transform' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using transform' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using transform' -l dataset -x -d 'the dataset, where the pipeline has more than one'
complete -c etl -n '__etl_using transform' -s o -l output -r -F -d 'write there instead of standard output'
complete -c etl -n '__etl_using transform' -l format -x -a 'jsonl csv' -d 'what to write, whatever the name says'
complete -c etl -n '__etl_using transform' -l step -x -d 'only this step'
complete -c etl -n '__etl_using transform' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using transform' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using transform' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using transform' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using transform' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using transform' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using transform' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using transform' -s h -l help -d 'explain the command'
complete -c etl -n '__etl_using transform' -F

complete -c etl -n '__etl_using load' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using load' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using load' -l dataset -x -d 'the dataset, where the pipeline has more than one'
complete -c etl -n '__etl_using load' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using load' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using load' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using load' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using load' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using load' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using load' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using load' -s h -l help -d 'explain the command'
complete -c etl -n '__etl_using load' -F

complete -c etl -n '__etl_using mart' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using mart' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using mart' -l test -d 'run the models\' unit tests'
complete -c etl -n '__etl_using mart' -l lineage -d 'show what is made from what'
complete -c etl -n '__etl_using mart' -l docs -d 'show the documentation of models and columns, as Markdown'
complete -c etl -n '__etl_using mart' -l freshness -d 'show how old the newest row of each loaded table is on the day'
complete -c etl -n '__etl_using mart' -s o -l output -r -F -d 'with --test, --lineage, --docs or --freshness, write there instead of standard output'
complete -c etl -n '__etl_using mart' -l format -x -a 'text json' -d 'with --test, --lineage, --docs or --freshness, what to write'
complete -c etl -n '__etl_using mart' -l select -x -d 'only these models'
complete -c etl -n '__etl_using mart' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using mart' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using mart' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using mart' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using mart' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using mart' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using mart' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using mart' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using report' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using report' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using report' -s o -l output -r -F -d 'write there instead of standard output'
complete -c etl -n '__etl_using report' -l format -x -a 'text json csv html email' -d 'what to write'
complete -c etl -n '__etl_using report' -l all -d 'the operator\'s page over all pipelines instead of a day\'s report'
complete -c etl -n '__etl_using report' -l block -x -d 'with --format csv, only this block of the page, as a table of all its rows'
complete -c etl -n '__etl_using report' -l send -x -d 'send the day\'s report to these channels of the definition\'s alerts, slack, email, webhook'
complete -c etl -n '__etl_using report' -l dry-run -d 'say what would be done, or sent, and why'
complete -c etl -n '__etl_using report' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using report' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using report' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using report' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using report' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using report' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using report' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using report' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using run' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using run' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using run' -l force -d 'do everything again'
complete -c etl -n '__etl_using run' -l from -x -a 'collect validate transform load mart report' -d 'start at this stage, collect, validate, transform, load, mart, report'
complete -c etl -n '__etl_using run' -l only -x -a 'collect validate transform load mart report' -d 'only this stage'
complete -c etl -n '__etl_using run' -l retry-failed -d 'of the days given, only those whose last run did not end well or whose requests failed, which are asked for again'
complete -c etl -n '__etl_using run' -l dry-run -d 'say what would be done, or sent, and why'
complete -c etl -n '__etl_using run' -l retries -x -d 'retries of each stage, instead of those defined'
complete -c etl -n '__etl_using run' -l openlineage -r -F -d 'append OpenLineage events of the run and its steps to this file, JSON lines'
complete -c etl -n '__etl_using run' -l source -r -F -d 'read these files instead of the defined source'
complete -c etl -n '__etl_using run' -l urls -r -F -d 'http sources, ask for the URLs of this file, one a line, in the last phase, and for nothing else'
complete -c etl -n '__etl_using run' -l seed -x -d 'generator, another seed'
complete -c etl -n '__etl_using run' -l users -x -d 'generator, so many users'
complete -c etl -n '__etl_using run' -l trips -x -d 'generator, so many trips'
complete -c etl -n '__etl_using run' -l inject -x -d 'generator, break so large a part of the events, null_check, duplicate_check, range_check, sequence_check, timestamp_check, integrity_check, consistency_check'
complete -c etl -n '__etl_using run' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using run' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using run' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using run' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using run' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using run' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using run' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using run' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using status' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using status' -s d -l day -x -d 'the day, YYYY-MM-DD'
complete -c etl -n '__etl_using status' -l format -x -a 'text json' -d 'what to write'
complete -c etl -n '__etl_using status' -l failed -d 'list the URLs that failed, by source and reason'
complete -c etl -n '__etl_using status' -l check -d 'for monitors, a line per problem, status 1 when there is one'
complete -c etl -n '__etl_using status' -l alert -d 'with --check, send what is news to the channels of the definition\'s alerts, and what still waits for them'
complete -c etl -n '__etl_using status' -l log -x -d 'print the log of this run, by its id'
complete -c etl -n '__etl_using status' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using status' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using status' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using status' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using status' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using status' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using status' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using status' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using prune' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using prune' -l dry-run -d 'say what would be done, or sent, and why'
complete -c etl -n '__etl_using prune' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using prune' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using prune' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using prune' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using prune' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using prune' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using prune' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using prune' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using schedule' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using schedule' -l format -x -a 'crontab systemd' -d 'what to print'
complete -c etl -n '__etl_using schedule' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using schedule' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using schedule' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using schedule' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using schedule' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using schedule' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using schedule' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using schedule' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using init' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using init' -l monitoring -d 'write a Grafana dashboard and alerting rules for Prometheus over the metrics instead, grafana-dashboard.json, prometheus-rules.yml'
complete -c etl -n '__etl_using init' -l new -x -d 'write a small new pipeline of that name over a CSV file'
complete -c etl -n '__etl_using init' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using init' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using init' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using init' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using init' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using init' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using init' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using init' -s h -l help -d 'explain the command'
complete -c etl -n '__etl_using init' -a '(__fish_complete_directories)'

complete -c etl -n '__etl_using doctor' -s p -l pipeline -x -a '(__etl_pipelines)' -d 'the pipeline'
complete -c etl -n '__etl_using doctor' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using doctor' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using doctor' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using doctor' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using doctor' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using doctor' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using doctor' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using doctor' -s h -l help -d 'explain the command'

complete -c etl -n '__etl_using help' -l home -x -a '(__fish_complete_directories)' -d 'where lake, warehouse, ledger, reports and logs lie'
complete -c etl -n '__etl_using help' -l memory -x -d 'memory to stay under, in MiB'
complete -c etl -n '__etl_using help' -l threads -x -d 'worker threads'
complete -c etl -n '__etl_using help' -l max-line -x -d 'longest record, in MiB'
complete -c etl -n '__etl_using help' -l log-format -x -a 'text json' -d 'how the log on standard error is written'
complete -c etl -n '__etl_using help' -s q -l quiet -d 'only warnings and errors on standard error'
complete -c etl -n '__etl_using help' -s v -l verbose -d 'more on standard error'
complete -c etl -n '__etl_using help' -s h -l help -d 'explain the command'
complete -c etl -n '__etl_using help' -a "$__etl_commands"
