"""The command `hornbill`."""

import argparse


def main(argv=None) -> None:
    """Parses the command line and runs the command."""
    parser = argparse.ArgumentParser(
        prog="hornbill", description="Hornbill: the Keras model API on one engine, JAX."
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="train three models on real handwritten digits",
        description=(
            "Trains three models, one of each kind, on 1,797 real images of handwritten digits: a "
            "Sequential CNN, a functional model with two inputs and a subclassed residual model. "
            "Prints each model's summary, its test accuracy and confusion matrix; saves its "
            "weights to a .weights.h5 file, loads them into a fresh model and shows that the "
            "predictions are identical; draws the learning curves to history.png where "
            "matplotlib is installed. Takes under a minute on two cores."
        ),
    )
    demo.add_argument("--out", default=".", help="the folder for the files (default: this one)")
    demo.add_argument("--epochs", type=int, default=None, help="epochs per model")
    demo.add_argument("--seed", type=int, default=1, help="the seed of all randomness")
    script = commands.add_parser(
        "run",
        help="run a TensorFlow or Keras script, unchanged, on Hornbill",
        description=(
            "Runs a Python script whose imports say tensorflow, tensorflow.keras, tf_keras or "
            "keras, with Hornbill in their place. What is installed under these names is left "
            "alone."
        ),
    )
    script.add_argument("script", help="the script's path")
    script.add_argument("arguments", nargs=argparse.REMAINDER, help="the script's own arguments")
    commands.add_parser(
        "doctor",
        help="say what is installed, where it computes, and how fast",
        description=(
            "Prints the versions of all that is used, the devices, the compiler options in force, "
            "the cache of compiled programs and the settings; trains a small model for a second "
            "and compares its speed with the expected one. Exits with 1 where something is wrong."
        ),
    )
    ui = commands.add_parser(
        "ui",
        help="show runs as they train, in the browser",
        description=(
            "Serves a page, to this machine alone, that follows the runs in a folder live: curves "
            "side by side, throughput, statistics of weights and gradients, the model, the log. "
            "The callback RunLogger writes them: model.fit(..., "
            "callbacks=[hornbill.callbacks.RunLogger(RUNDIR)]). Ctrl-C ends it."
        ),
    )
    ui.add_argument("rundir", metavar="RUNDIR", help="the folder of the runs")
    ui.add_argument("--port", type=int, default=0, help="the port (default: a free one)")
    ui.add_argument("--no-open", action="store_true", help="do not open the browser")
    args = parser.parse_args(argv)
    if args.version:
        from . import __version__

        print(__version__)
    elif args.command == "demo":
        from .demo import run

        run(args.out, args.epochs, args.seed)
    elif args.command == "run":
        from .run import main as run_script

        run_script(args.script, args.arguments)
    elif args.command == "doctor":
        from .doctor import run

        raise SystemExit(0 if run() else 1)
    elif args.command == "ui":
        from .ui.server import serve

        try:
            serve(args.rundir, args.port, open_browser=not args.no_open)
        except (ImportError, ValueError) as error:
            parser.exit(1, f"{error}\n")
    else:
        parser.print_help()
