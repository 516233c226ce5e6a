"""What is said where PyAV is missing; only the stand-in's clips and probes need it."""

try:
    import av
    from av.error import FFmpegError
except ImportError as missing:
    raise ImportError(
        "The APIXO stand-in makes real videos with PyAV: pip install 'dailies[media]'"
    ) from missing

__all__ = ["FFmpegError", "av"]
