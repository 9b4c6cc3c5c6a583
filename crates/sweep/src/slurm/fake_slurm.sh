#!/bin/sh
# A SLURM of files for the tests, started as sbatch, squeue, scontrol, sacct or scancel through links in a folder of its
# own: tasks/JOB_INDEX holds the state and the reason of a task, scripts/JOB the path of its script. What the tests make it
# do stands in files of the same folder: unreachable, refuse, lose (the answer of one submission), no_squeue.
here=$(dirname "$0")
name=$(basename "$0")
echo "$name $*" >>"$here/asked"
mkdir -p "$here/tasks" "$here/scripts"

if [ -e "$here/unreachable" ] || { [ "$name" = squeue ] && [ -e "$here/no_squeue" ]; }; then
    [ -e "$here/unreachable" ] && echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2
    [ -e "$here/unreachable" ] || echo "squeue: unrecognized option" >&2
    exit 1
fi

case $name in
sbatch)
    if [ -e "$here/refuse" ]; then
        echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2
        exit 1
    fi
    job=$(($(ls "$here/scripts" | wc -l) + 1))
    echo "$3" >"$here/scripts/$job"
    last=${2#--array=0-}
    for index in $(seq 0 "${last%\%*}"); do echo 'RUNNING|None' >"$here/tasks/${job}_$index"; done
    if [ -e "$here/lose" ]; then
        rm "$here/lose"
        echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
        exit 1
    fi
    echo "$job"
    ;;
squeue)
    if [ "$1" = --me ]; then
        for script in "$here"/scripts/*; do echo "$(basename "$script")|$(cat "$script")"; done
        exit
    fi
    for task in "$here"/tasks/*; do
        job=$(basename "${task%_*}")
        case ",$6," in *",$job,"*) echo "$job|${task##*_}|$(cat "$task")" ;; esac
    done
    ;;
scontrol)
    case "$*" in
    "show config") echo "MaxArraySize            = 4" ;;
    *_*) echo "JobId=1 JobState=FAILED ExitCode=$(cat "$here/exit_code" 2>/dev/null || echo 1:0) RunTime=1" ;;
    *)
        for task in "$here/tasks/$4"_*; do
            state=$(cat "$task")
            echo "JobId=1 ArrayJobId=$4 ArrayTaskId=${task##*_} JobState=${state%|*} Reason=${state#*|}"
        done
        ;;
    esac
    ;;
scancel)
    for word in "$@"; do
        for task in "$here/tasks/$word" "$here/tasks/$word"_*; do
            [ -e "$task" ] || continue
            case $1 in
            --state=PENDING) grep -q PENDING "$task" && echo 'CANCELLED|None' >"$task" ;;
            *) grep -Eq 'PENDING|RUNNING' "$task" && echo 'CANCELLED|None' >"$task" ;;
            esac
        done
    done
    true
    ;;
esac
